/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside common/wire: the rules of each purpose that a content can have. All
 * return RO_OK, or RO_BAD_INPUT with `why` naming the field.
 */
#ifndef RO_WIRE_RULES_PURPOSE_H
#define RO_WIRE_RULES_PURPOSE_H

#include "common/base/text.h"
#include "common/wire/rules.h"

/* Whether a text must be there. */
enum ro_rule_presence { RO_RULE_OPTIONAL, RO_RULE_REQUIRED };

/* What a text field must be. */
struct ro_text_rule {
    const char *name;
    enum ro_text_kind kind;
    size_t limit;
    enum ro_rule_presence presence;
};

/* Checks a text field (NULL: absent) against its rule. RO_BAD_INPUT; `why`
 * has the field's name. */
RO_MUST_USE enum ro_status ro_rule_text(const char *text,
                                        const struct ro_text_rule *rule,
                                        struct ro_why *why);

/* What a field of bytes must be. */
struct ro_bytes_rule {
    const char *name;
    size_t size;
    enum ro_rule_presence presence;
};

/* Checks that a field has exactly `size` bytes, not all of them zero, or is
 * absent where it may be. RO_BAD_INPUT; `why` has the field's name. */
RO_MUST_USE enum ro_status ro_rule_bytes(protobuf_c_boolean has,
                                         const ProtobufCBinaryData *field,
                                         const struct ro_bytes_rule *rule,
                                         struct ro_why *why);

/* The rules of files (rules_attachment.c). */
RO_MUST_USE enum ro_status ro_rule_attachments(const Reachout__Say *say,
                                               struct ro_why *why);

/* The rules of a piece of a file (rules_attachment.c). */
RO_MUST_USE enum ro_status ro_rule_chunk(const Reachout__Content *content,
                                         struct ro_why *why);

/* The rules of the content's purpose, which is known. */
RO_MUST_USE enum ro_status ro_rule_purpose(const Reachout__Content *content,
                                           enum ro_purpose purpose,
                                           struct ro_why *why);

#endif
