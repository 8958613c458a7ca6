/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files as somebody may send them, and what they become. */
#include "client/core/filename.h"

#include "tests/support/tap.h"

#include <string.h>

static const struct {
    const char *sent;
    const char *kept;
} corpus[] = {
  /* what people send */
    {"plan.pdf",                        "plan.pdf"                       },
    {"Rota Autumn (2).xlsx",            "Rota Autumn (2).xlsx"           },
    {"Ca\u00f1\u00f3n \u00dcbung.docx", "Ca\u00f1\u00f3n \u00dcbung.docx"},
    {"\u65e5\u672c.txt",                "\u65e5\u672c.txt"               },
    {"a.tar.gz",                        "a.tar.gz"                       },
    {"it's 5% & more;ok$HOME.txt",      "it's 5% & more;ok$HOME.txt"     },
 /* paths, of every system */
    {"/etc/passwd",                     "passwd"                         },
    {"../../.ssh/authorized_keys",      "authorized_keys"                },
    {"a/b/../../c.txt",                 "c.txt"                          },
    {"C:\\Windows\\win.ini",            "win.ini"                        },
    {"..\\..\\autoexec.bat",            "autoexec.bat"                   },
    {"C:autoexec.bat",                  "C_autoexec.bat"                 },
    {"\\\\server\\share\\x.doc",        "x.doc"                          },
    {"folder/",                         "file"                           },
    {"folder\\",                        "file"                           },
    {"/",                               "file"                           },
    {"",                                "file"                           },
    {".",                               "file"                           },
    {"..",                              "file"                           },
    {"...",                             "file"                           },
    {"a/..",                            "file"                           },
    {" . ",                             "file"                           },
 /* hidden, and options of programs */
    {".bashrc",                         "_.bashrc"                       },
    {"..hidden",                        "_..hidden"                      },
    {"-rf",                             "_-rf"                           },
    {"--output=x",                      "_--output=x"                    },
    {" -rf",                            "_-rf"                           },
    {"  name.txt",                      "name.txt"                       },
    {"\u200b.bashrc",                   "_.bashrc"                       },
    {"\u202e-rf",                       "_-rf"                           },
    {"a/.b",                            "_.b"                            },
    {"~root",                           "~root"                          },
 /* what shows nothing, or turns what is shown */
    {"invoice\u202efdp.exe",            "invoicefdp.exe"                 },
    {"a\u2066b\u2069c\u200f.txt",       "abc.txt"                        },
    {"a\u00ad\u200b\u2060\ufeff.txt",   "a.txt"                          },
    {"a\u2028b\u2029c",                 "abc"                            },
    {"a\nb\tc\rd",                      "abcd"                           },
    {"\x1b[2Jx.txt",                    "[2Jx.txt"                       },
    {"a\x7f\xc2\x9b.txt",               "a.txt"                          },
    {"caf\xe9.txt",                     "caf.txt"                        },
    {"a\xc0\xaf\xed\xa0\x80z",          "az"                             },
    {"cut\xe2\x82",                     "cut"                            },
    {"cut\xf0\x9f\x98",                 "cut"                            },
    {"tag\U000e0041.txt",               "tag.txt"                        },
 /* what Windows takes for something else */
    {"a<b>c:d\"e|f?g*h",                "a_b_c_d_e_f_g_h"                },
    {"x.txt:stream",                    "x.txt_stream"                   },
    {"CON",                             "_CON"                           },
    {"con.txt",                         "_con.txt"                       },
    {"Nul.tar.gz",                      "_Nul.tar.gz"                    },
    {"con .txt",                        "_con .txt"                      },
    {"con.",                            "_con"                           },
    {"prn...",                          "_prn"                           },
    {"aux ",                            "_aux"                           },
    {"COM1",                            "_COM1"                          },
    {"com9.log",                        "_com9.log"                      },
    {"lpt0",                            "_lpt0"                          },
    {"LPT\u00b9",                       "_LPT\u00b9"                     },
    {"conin$",                          "_conin$"                        },
    {"\u200bcon",                       "_con"                           },
    {"c\u200bon",                       "_con"                           },
    {"com10",                           "com10"                          },
    {"console",                         "console"                        },
    {"icon.png",                        "icon.png"                       },
    {"name.",                           "name"                           },
    {"name. . .",                       "name"                           },
    {"name.exe.",                       "name.exe"                       },
    {"name \u202e. ",                   "name"                           },
};

static void
test_corpus(void)
{
    for (size_t i = 0; i < RO_LEN(corpus); i++) {
        char name[FILENAME_ROOM];
        char again[FILENAME_ROOM];
        filename_clean(corpus[i].sent, name);
        if (!tap_say(strcmp(name, corpus[i].kept) == 0, corpus[i].kept))
            printf("# is: %s\n", name);
        filename_clean(name, again);
        tap_say(strcmp(name, again) == 0, "and stays so");
    }
}

/* Too long: cut before its ending, between two characters. */
static void
test_length(void)
{
    char long_name[400];
    char name[FILENAME_ROOM];
    memset(long_name, 'a', sizeof(long_name));
    memcpy(long_name + 300, ".pdf", 5);
    filename_clean(long_name, name);
    tap_ok(strlen(name) == 200 && strcmp(name + 196, ".pdf") == 0);
    for (size_t i = 0; i < 100; i++)
        memcpy(long_name + 3 * i, "\u20ac", 3);
    memcpy(long_name + 300, ".pdf", 5);
    filename_clean(long_name, name);
    tap_ok(strlen(name) == 65 * 3 + 4 && strcmp(name + 195, ".pdf") == 0);
    memset(long_name, 'a', sizeof(long_name));
    long_name[250] = '\0';
    long_name[0] = '-';
    filename_clean(long_name, name);
    tap_ok(strlen(name) == 200 && name[0] == '_' && name[1] == '-');
    long_name[100] = '.'; /* an ending that is none */
    filename_clean(long_name, name);
    tap_ok(strlen(name) == 200 && name[101] == '.');
    memset(long_name, '.', 250);
    long_name[0] = 'a';
    long_name[249] = 'b';
    filename_clean(long_name, name);
    tap_ok(strlen(name) <= 200 && name[strlen(name) - 1] == 'b');
}

int
main(void)
{
    tap_run(test_corpus);
    tap_run(test_length);
    return tap_done();
}
