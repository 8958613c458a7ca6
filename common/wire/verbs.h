/* SPDX-License-Identifier: Apache-2.0 */
/* What a broker can be asked: the numbers of verbs.def, for both sides. */
#ifndef RO_WIRE_VERBS_H
#define RO_WIRE_VERBS_H

/* A verb as it stands in a frame's header; one byte. Others than these come
 * in from peers too, so a header has a number and not one of these. */
enum ro_verb {
#define X(number, NAME, name) RO_VERB_##NAME = (number),
#include "common/wire/verbs.def"
#undef X
};

#endif
