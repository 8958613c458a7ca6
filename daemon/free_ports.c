/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/free_ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ATTEMPTS 16

static void
close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* A socket bound to a port of the kernel's choice, and that port; -1. */
static int
bind_any(const struct in_addr *address, uint16_t *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = *address};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (const struct sockaddr *)&at, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0) {
        close(fd);
        return -1;
    }
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static void
print_endpoint(const struct in_addr *address, uint16_t port, char *ret_endpoint)
{
    char text[INET_ADDRSTRLEN] = "";
    inet_ntop(AF_INET, address, text, sizeof(text));
    snprintf(ret_endpoint, FREE_PORTS_SIZE, "tcp://%s:%u", text, port);
}

static enum ro_status
try_address(const struct in_addr *address, struct free_ports *ret_ports)
{
    uint16_t member_port = 0;
    uint16_t open_port = 0;
    /* both are held until both are known, so they differ */
    RO_CLEANUP(close_fd) int member = bind_any(address, &member_port);
    RO_CLEANUP(close_fd) int open = bind_any(address, &open_port);
    if (member < 0 || open < 0)
        return RO_TAKEN;
    print_endpoint(address, member_port, ret_ports->member);
    print_endpoint(address, open_port, ret_ports->open);
    return RO_OK;
}

enum ro_status
free_ports_find(const struct ro_entropy *entropy, struct free_ports *ret_ports)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        uint32_t host = 127u << 24;
        host |= (uint32_t)(1 + ro_entropy_below(entropy, 254)) << 16;
        host |= (uint32_t)ro_entropy_below(entropy, 256) << 8;
        host |= (uint32_t)(1 + ro_entropy_below(entropy, 254));
        struct in_addr address = {.s_addr = htonl(host)};
        if (try_address(&address, ret_ports) == RO_OK)
            return RO_OK;
    }
    return RO_TAKEN;
}
