/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/newcomer.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/core/keyring.h"
#include "client/core/vault.h"

#define A_DAY 86400
#define LINE_ROOM 512

static bool own_loopback;

/* --- joining ------------------------------------------------------------- */

static struct keyring *
make_keyring(struct house *house, uint32_t urn)
{
    RO_AUTOBUF raw = {0};
    RO_AUTOBUF invitation = {0};
    struct ro_why why = {""};
    const struct ro_entropy entropy = ro_entropy_system();
    struct keyring *keyring = NULL;
    Reachout__Ticket ticket;
    test_ticket_init(house->circle, urn, &ticket);
    ticket.expires = (uint64_t)time(NULL) + A_DAY;
    test_sign_ticket(house->circle, &ticket, &raw);
    test_circle_invitation(house->circle, ro_buf_view(&raw), &invitation);
    const struct keyring_source source = {ro_buf_view(&invitation), "Somebody",
                                          time(NULL), &entropy};
    if (keyring_make(&source, &why, &keyring) != RO_OK)
        die("keyring: %s", why.text);
    return keyring;
}

static void
make_vault(const struct newcomer *newcomer, const struct keyring *keyring)
{
    struct ro_why why = {""};
    const struct ro_entropy entropy = ro_entropy_system();
    struct vault *vault = NULL;
    const struct vault_key key = {.file = newcomer->key_file};
    if (vault_create(newcomer->profile, &key, &entropy, &why, &vault) != RO_OK)
        die("vault: %s", why.text);
    test_must(vault_begin(vault));
    test_must(keyring_save(keyring, vault));
    test_must(vault_commit(vault));
    vault_free(vault);
}

/* As the authority does when it admits. */
static void
admit(struct test_circle *circle, uint32_t urn, const struct keyring *keyring)
{
    RO_AUTOBUF raw = {0};
    Reachout__Member message;
    struct test_member *member =
        test_member_new(circle, REACHOUT__MEMBER_KIND__SCHOOL, urn, NULL);
    ro_keypair_free(member->key);
    member->key =
        must_have(ro_keypair_from_seed(ro_keypair_seed(keyring->member)));
    member->id = keyring->member_id;
    test_member_init(circle, member, &message);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &message.base,
                        &raw);
    test_must(test_circle_add(circle, ro_buf_view(&raw), NULL));
    test_must(
        test_circle_add(circle, ro_buf_view(&keyring->certificate), NULL));
}

void
newcomer_join(struct house *house, uint32_t urn, struct newcomer *ret_newcomer)
{
    struct newcomer *newcomer = ret_newcomer;
    snprintf(newcomer->profile, sizeof(newcomer->profile), "%s/p%u",
             house->folder.path, urn);
    snprintf(newcomer->key_file, sizeof(newcomer->key_file), "%s/p%u.key",
             house->folder.path, urn);
    RO_CLEANUP(keyring_freep)
    struct keyring *keyring = make_keyring(house, urn);
    make_vault(newcomer, keyring);
    admit(house->circle, urn, keyring);
}

/* --- the wire ------------------------------------------------------------ */

bool
newcomer_own_loopback(void)
{
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (unshare(CLONE_NEWNET) != 0)
        return false;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback) != 0)
        die("loopback: %s", strerror(errno));
    close(fd);
    own_loopback = true;
    return true;
}

static uint64_t
bytes_so_far(void)
{
    char line[LINE_ROOM];
    uint64_t bytes = 0;
    FILE *file = must_have(fopen("/proc/thread-self/net/dev", "re"));
    while (own_loopback && fgets(line, sizeof(line), file) != NULL) {
        char *colon = strstr(line, "lo:");
        if (colon != NULL)
            bytes = strtoull(colon + strlen("lo:"), NULL, 10);
    }
    fclose(file);
    return bytes;
}

/* --- syncing ------------------------------------------------------------- */

static pid_t
spawn(const struct newcomer *newcomer, const char *reachout)
{
    pid_t pid = fork();
    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid > 0)
        return pid;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
        _exit(127);
    execl(reachout, reachout, "--profile", newcomer->profile, "--json", "sync",
          NULL);
    _exit(127);
}

static int64_t
ns_of(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000;
}

void
newcomer_sync(const struct newcomer *newcomer,
              const char *reachout,
              struct newcomer_sync *ret_sync)
{
    struct rusage used = {0};
    int status = 0;
    uint64_t bytes = bytes_so_far();
    int64_t from_ns = now_ns();
    pid_t pid = spawn(newcomer, reachout);
    if (wait4(pid, &status, 0, &used) != pid || status != 0)
        die("sync ended with %d", WEXITSTATUS(status));
    *ret_sync = (struct newcomer_sync){
        .ns = now_ns() - from_ns,
        .effort_ns = ns_of(used.ru_utime) + ns_of(used.ru_stime),
        .resident_bytes = (size_t)used.ru_maxrss * 1024,
        .wire_bytes = bytes_so_far() - bytes,
    };
}
