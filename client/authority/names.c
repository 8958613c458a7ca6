/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of members and roles of seats, in people's words. */
#include "client/authority/names.h"

#include <string.h>

static const struct {
    Reachout__MemberKind kind;
    const char *word;
} kinds[] = {
    {REACHOUT__MEMBER_KIND__SCHOOL,       "school"      },
    {REACHOUT__MEMBER_KIND__COORDINATORS, "coordinators"},
    {REACHOUT__MEMBER_KIND__SOURCE,       "source"      },
    {REACHOUT__MEMBER_KIND__TRUST,        "trust"       },
    {REACHOUT__MEMBER_KIND__LA,           "la"          },
};

static const struct {
    Reachout__Role role;
    const char *word;
} roles[] = {
    {REACHOUT__ROLE__LEAD,        "lead"       },
    {REACHOUT__ROLE__DELEGATE,    "delegate"   },
    {REACHOUT__ROLE__OFFICE,      "office"     },
    {REACHOUT__ROLE__CHAIR,       "chair"      },
    {REACHOUT__ROLE__COORDINATOR, "coordinator"},
    {REACHOUT__ROLE__SOURCE_SEAT, "source"     },
    {REACHOUT__ROLE__AUDITOR,     "auditor"    },
};

enum ro_status
authority_kind_of(const char *word,
                  struct ro_why *why,
                  Reachout__MemberKind *ret_kind)
{
    for (size_t i = 0; i < RO_LEN(kinds); i++) {
        if (strcmp(kinds[i].word, word) == 0) {
            *ret_kind = kinds[i].kind;
            return RO_OK;
        }
    }
    return ro_why(why, RO_USAGE,
                  "a member is a school, coordinators, source, trust or la");
}

enum ro_status
authority_role_of(const char *word,
                  struct ro_why *why,
                  Reachout__Role *ret_role)
{
    for (size_t i = 0; i < RO_LEN(roles); i++) {
        if (strcmp(roles[i].word, word) == 0) {
            *ret_role = roles[i].role;
            return RO_OK;
        }
    }
    return ro_why(why, RO_USAGE,
                  "a seat is lead, delegate, office, chair, coordinator, "
                  "source or auditor");
}

const char *
authority_kind_word(Reachout__MemberKind kind)
{
    for (size_t i = 0; i < RO_LEN(kinds); i++) {
        if (kinds[i].kind == kind)
            return kinds[i].word;
    }
    return "";
}

const char *
authority_role_word(Reachout__Role role)
{
    for (size_t i = 0; i < RO_LEN(roles); i++) {
        if (roles[i].role == role)
            return roles[i].word;
    }
    return "";
}
