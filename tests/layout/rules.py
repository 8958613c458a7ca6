# SPDX-License-Identifier: Apache-2.0
"""The house rules as tables: edit here when a decision changes.

check.py reads them, test_guards.py shows that each of them bites.
"""

# Who may include whom: one line a folder. A folder may always include itself;
# everything else has to be named: a folder (then all below it) or one header.
# A folder with C files and without a line here is an error.
EDGES = """
proto             ->
common/base       ->
common/crypto     -> common/base
common/wire       -> common/base common/crypto proto
common/conf       -> common/base

daemon            -> daemon common
daemon/net        -> daemon/pipeline daemon/session common
daemon/pipeline   -> daemon/session daemon/store common
daemon/verbs      -> daemon/pipeline daemon/session daemon/store common
daemon/session    -> common
daemon/store      -> common
daemon/store/sqlite -> daemon/store common

client/include    -> common/base
client/workflow   -> common/base
client/core       -> client/workflow client/include common
client/authority  -> client/core common
client/cli        -> client/include client/authority common/base

tests/**          -> proto common daemon client
"""

# A foreign library has one place: "header pattern: where it may be included".
# A place is a pattern over paths. Tests may include what they measure.
FOREIGN = """
sodium.h:       common/crypto/*
sodium/*:       common/crypto/*
protobuf-c/*:   common/wire/*
*.pb-c.h:       common/wire/* daemon/pipeline/* daemon/verbs/* client/core/* client/authority/*
sqlite3.h:      daemon/store/sqlite/* client/core/vault*
zmq.h:          daemon/net/* client/core/link*
confuse.h:      common/conf/* daemon/config*
jansson.h:      client/cli/* client/authority/* daemon/init.c
csv.h:          client/authority/*
"""
FOREIGN_EVERYWHERE = ["tests/*"]

# Calls that have one place too: "regular expression: where". (Structs that
# protoc-c generated are read by whoever handles messages; packing and
# unpacking is done once, within bounds.)
PLACED_CALLS = r"""
protobuf_c_\w+:                                         common/wire/*
\w+__(pack|unpack|free_unpacked|get_packed_size|pack_to_buffer): common/wire/*
"""

# What libc and the kernel bring. Any other <header> is foreign and must have
# a line above.
SYSTEM = """
assert.h ctype.h errno.h inttypes.h iso646.h limits.h locale.h math.h setjmp.h
signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h
stdlib.h stdnoreturn.h string.h strings.h time.h uchar.h wchar.h
arpa/* dirent.h dlfcn.h endian.h fcntl.h fnmatch.h ftw.h getopt.h glob.h grp.h
ifaddrs.h langinfo.h linux/* malloc.h net/* netdb.h netinet/* poll.h pthread.h
pwd.h regex.h sched.h semaphore.h spawn.h sys/* sysexits.h syslog.h termios.h
threads.h unistd.h utime.h
"""

# Pure folders: no socket, no database, no clock of their own. They get by on
# these headers of libc.
PURE = ["client/workflow"]
PURE_SYSTEM = """
assert.h ctype.h inttypes.h limits.h math.h stdarg.h stdbool.h stddef.h
stdint.h stdlib.h string.h
"""

# Sizes.
FILE_LINES = 600
FUNCTION_LINES = 60
PARAMETERS = 5

# Calls that write without a bound, read without checking, or hide a global.
BANNED_CALLS = """
strcpy stpcpy strcat strncat sprintf vsprintf gets alloca rand srand atoi atol
atoll atof strtok tmpnam tempnam mktemp
"""

# Marks of work that was left for later. (Put together here, so that this file
# does not report itself.)
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]

# How tests sleep, and how they are skipped: they do neither. They wait on
# descriptors (tests/support/waits.py), and what they need is a parameter. Only
# benchmarks may wait for time. (Put together, as above.)
SLEEPS = ["time\\.sl" + "eep", "\\b(?:u|nano|clock_nano)sl" + "eep",
          "\\bsl" + "eep(?:\\(|\\s+[0-9.$])",
          "\\bselect\\(\\[\\], ?\\[\\], ?\\[\\]",
          "\\bselect\\(0, ?NULL", "\\bpoll\\((?:NULL|nullptr), ?0"]
SKIPS = ["# ?SK" + "IP\\b", "\\btap_sk" + "ip", "\\bexit 7" + "7\\b",
         "\\bsk" + "ip(?:Test|If|Unless)\\b"]
NO_SLEEP = ["tests/bench/*"]

SPDX = "SPDX-License-Identifier: Apache-2.0"
# Files that need the SPDX line: by ending or by whole name.
SPDX_FILES = ["*.c", "*.h", "*.def", "*.proto", "*.py", "*.sh", "meson.build",
              "tools/*", ".ci/run"]
# Files that are read for marks of unfinished work.
TEXT_FILES = SPDX_FILES + ["*.md", "*.conf", "*.service", "*.scn"]
# Headers held to the documentation rules (tests are read, not called).
API_HEADERS_EXCEPT = ["tests/*"]
