/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of a circle: the phases, and those that circle.conf makes. */
#include "common/conf/circle.h"

#include "common/base/file.h"
#include "tests/unit/conf/sample.h"

static struct ro_circle_conf *conf;

static bool
is_in(const char *group, const char *phase, const char *type)
{
    struct ro_listing_facts facts = {.phase = phase, .type = type};
    return ro_circle_conf_in_group(conf, group, &facts);
}

static void
test_phases(void)
{
    tap_ok(is_in("nursery", "Nursery", "Local authority nursery school"));
    tap_ok(is_in("primary", "Primary", "Community school"));
    tap_ok(is_in("primary", "Primary", "")); /* type not known */
    tap_ok(is_in("primary", "Primary", NULL));
    tap_ok(is_in("primary", "PRIMARY", NULL));
    tap_ok(!is_in("primary", "Primary school", NULL));
    tap_ok(!is_in("secondary", "Primary", NULL));
    tap_ok(is_in("secondary", "Secondary", "Academy converter"));
    tap_ok(is_in("all-through", "All-through", "Free schools"));
    tap_ok(!is_in("primary", "All-through", "Free schools"));
    tap_ok(is_in("middle", "Middle deemed primary", NULL));
    tap_ok(is_in("primary", "Middle deemed primary", NULL));
    tap_ok(is_in("middle", "Middle deemed secondary", NULL));
    tap_ok(is_in("secondary", "Middle deemed secondary", NULL));
    tap_ok(is_in("sixteen-plus", "16 plus", NULL));
    tap_ok(is_in("sixteen-plus", "Not applicable", "Sixth form centres"));
    tap_ok(is_in("special", "Not applicable", "Community special school"));
    tap_ok(
        is_in("special", "Not applicable", "Other independent special school"));
    tap_ok(is_in("independent", "Not applicable",
                 "Other independent special school"));
    tap_ok(!is_in("special", "16 plus", "Specialist designated college"));
    tap_ok(is_in("pru", "Not applicable", "Pupil referral unit"));
    tap_ok(is_in("pru", "Not applicable",
                 "Academy alternative provision converter"));
    tap_ok(!is_in("pru", "Not applicable", "Community special school"));
    tap_ok(is_in("other", "Not applicable", ""));
    tap_ok(is_in("other", NULL, NULL));
    tap_ok(!is_in("other", "Primary", NULL));
    tap_ok(!is_in("other", "Not applicable", "Pupil referral unit"));
    tap_ok(!is_in("no-such-group", "Primary", NULL));
}

static void
test_own_groups(void)
{
    struct ro_listing_facts facts = {.urn = 900003, .la_code = "887"};
    tap_ok(ro_circle_conf_in_group(conf, "infant-and-junior", &facts));
    tap_ok(!ro_circle_conf_in_group(conf, "estuary", &facts));
    facts = (struct ro_listing_facts){.urn = 900004, .la_code = "999"};
    tap_ok(!ro_circle_conf_in_group(conf, "infant-and-junior", &facts));
    tap_ok(ro_circle_conf_in_group(conf, "estuary", &facts));
    tap_ok(!ro_circle_conf_in_group(conf, "tideway", &facts));
    facts.trust = "tideway academies trust";
    tap_ok(ro_circle_conf_in_group(conf, "tideway", &facts));
    facts.trust = "";
    tap_ok(!ro_circle_conf_in_group(conf, "tideway", &facts));
    /* every rule, and any value of each */
    facts.phase = "Primary";
    tap_ok(!ro_circle_conf_in_group(conf, "faith-primary", &facts));
    facts.type = "Voluntary aided school";
    tap_ok(ro_circle_conf_in_group(conf, "faith-primary", &facts));
    facts.type = "Voluntary controlled school";
    tap_ok(ro_circle_conf_in_group(conf, "faith-primary", &facts));
    facts.phase = "Secondary";
    tap_ok(!ro_circle_conf_in_group(conf, "faith-primary", &facts));
}

static void
test_group_names(void)
{
    static const char *const names[] = {
        "nursery",     "primary",       "middle",  "secondary",
        "all-through", "sixteen-plus",  "special", "pru",
        "independent", "other",         "estuary", "infant-and-junior",
        "tideway",     "faith-primary",
    };
    struct ro_why why = {""};
    tap_need(ro_circle_conf_group_count(conf) == RO_LEN(names));
    for (size_t i = 0; i < RO_LEN(names); i++) {
        struct ro_group group = ro_circle_conf_group(conf, i);
        tap_ok(strcmp(group.name, names[i]) == 0 && group.words[0] != '\0');
        tap_is(ro_circle_conf_find_group(conf, names[i], &why), RO_OK);
    }
    tap_ok(strcmp(ro_circle_conf_group(conf, 12).words,
                  "schools of the Tideway trust") == 0);
    tap_ok(strcmp(ro_circle_conf_group(conf, 7).words,
                  "pupil referral units and AP") == 0);
    tap_is(ro_circle_conf_find_group(conf, "tidewy", &why), RO_NOT_FOUND);
    tap_ok(strncmp(why.text,
                   "no group 'tidewy' here; did you mean 'tideway'? There are "
                   "nursery, primary, ",
                   74) == 0);
    tap_ok(strstr(why.text, ", tideway, faith-primary") != NULL);
    tap_is(ro_circle_conf_find_group(conf, "xyz", &why), RO_NOT_FOUND);
    tap_ok(strncmp(why.text, "no group 'xyz' here; there are nursery, ", 40) ==
           0);
}

/* A group that has no words is called by its name. */
static void
test_group_without_words(const char *root)
{
    char path[512];
    RO_AUTOBUF text = {0};
    struct ro_circle_conf *own = NULL;
    snprintf(path, sizeof(path), "%s/config/circle.conf", root);
    tap_need(ro_file_read(path, 1 << 20, NULL, &text) == RO_OK);
    ro_buf_printf(&text, "group silent { urns = 900001 }\n");
    tap_is(ro_circle_conf_parse(ro_buf_view(&text), NULL, &own), RO_OK);
    tap_need(own != NULL);
    tap_ok(strcmp(ro_circle_conf_group(own, 14).words, "silent") == 0);
    struct ro_listing_facts facts = {.urn = 900001};
    tap_ok(ro_circle_conf_in_group(own, "silent", &facts));
    ro_circle_conf_free(own);
}

int
main(int argc, char **argv)
{
    RO_AUTOBUF text = {0};
    conf = load_sample(argc > 1 ? argv[1] : ".", &text);
    tap_run(test_phases);
    tap_run(test_own_groups);
    tap_run(test_group_names);
    test_group_without_words(argc > 1 ? argv[1] : ".");
    ro_circle_conf_free(conf);
    return tap_done();
}
