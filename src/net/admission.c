#include "net/admission.h"

#include "base/table.h"

#include <errno.h>
#include <string.h>

enum { IPV6_NETWORK = 8 }; // bytes: a /64 is one peer, who may use any address in it (RFC 6177)

size_t admission_most(const struct conn_group *g)
{
    return g->limits->connections ? g->limits->connections : g->net->room;
}

static bool is_loopback(const struct endpoint *peer)
{
    static const uint8_t ipv6[16] = {[15] = 1};
    return peer->family == AF_INET ? peer->ip[0] == 127
                                   : memcmp(peer->ip, ipv6, sizeof(ipv6)) == 0;
}

size_t admission_most_from(const struct conn_group *g, const struct endpoint *peer)
{
    size_t most = admission_most(g);
    if (g->limits->per_address)
        return g->limits->per_address;
    return is_loopback(peer) || most < 2 ? most : most / 2;
}

bool admission_has_room(const struct conn_group *g)
{
    return g->admitted < admission_most(g);
}

// Length of the part of the address that tells peers apart; 0 for none.
static size_t key_length(const struct endpoint *peer)
{
    return peer->family == AF_INET ? 4 : peer->family == AF_INET6 ? IPV6_NETWORK : 0;
}

static uint32_t count_of(const struct conn_group *g, const struct endpoint *peer)
{
    uint32_t count = 0;
    const struct table_entry *e = NULL;
    if (g->addresses)
        e = table_find(g->addresses, (const char *)peer->ip, key_length(peer));
    if (e)
        memcpy(&count, e->bytes + e->key_length, sizeof(count));
    return count;
}

// Returns false when out of memory, which it never is for an address that is there.
static bool set_count(struct conn_group *g, const struct endpoint *peer, uint32_t count)
{
    if (!g->addresses)
        g->addresses = table_new(g->net->hash_key);
    return g->addresses && table_set(g->addresses, (const char *)peer->ip, key_length(peer),
                                     (const char *)&count, sizeof(count)) >= 0;
}

int admission_enter(struct conn_group *g, const struct endpoint *peer)
{
    if (key_length(peer) > 0) {
        uint32_t count = count_of(g, peer);
        if (count >= admission_most_from(g, peer))
            return -EUSERS;
        if (!set_count(g, peer, count + 1))
            return -ENOMEM;
    }
    g->admitted++;
    return 0;
}

void admission_leave(struct conn_group *g, const struct endpoint *peer)
{
    g->admitted--;
    uint32_t count = count_of(g, peer);
    if (count > 1)
        set_count(g, peer, count - 1);
    else if (count == 1)
        table_remove(g->addresses, (const char *)peer->ip, key_length(peer));
}
