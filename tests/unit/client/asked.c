/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/asked.h"

enum ro_status __real_link_ask(struct link *link,
                               const struct link_ask *ask,
                               struct ro_arena *arena,
                               struct ro_why *why,
                               struct link_answer *ret_answer);
enum ro_status __wrap_link_ask(struct link *link,
                               const struct link_ask *ask,
                               struct ro_arena *arena,
                               struct ro_why *why,
                               struct link_answer *ret_answer);

enum ro_status
__wrap_link_ask(struct link *link,
                const struct link_ask *ask,
                struct ro_arena *arena,
                struct ro_why *why,
                struct link_answer *ret_answer)
{
    const struct asked asked = {link, ask, arena, why, ret_answer};
    return on_ask(&asked);
}

enum ro_status
asked_go(const struct asked *asked)
{
    return __real_link_ask(asked->link, asked->ask, asked->arena, asked->why,
                           asked->ret_answer);
}
