#include "tls/tickets.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 64 };

struct tls_tickets {
    pthread_mutex_t lock; // of the following
    struct {
        char *name; // owned; NULL for a free place
        SSL_SESSION *session; // owned; NULL once it was given out
    } places[PLACES];
    unsigned next; // the place that a new name gets
};

struct tls_tickets *tls_tickets_new(void)
{
    struct tls_tickets *t = calloc(1, sizeof(*t));
    if (t)
        pthread_mutex_init(&t->lock, NULL);
    return t;
}

void tls_tickets_free(struct tls_tickets *t)
{
    if (!t)
        return;
    for (int i = 0; i < PLACES; i++) {
        free(t->places[i].name);
        SSL_SESSION_free(t->places[i].session);
    }
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static int find(const struct tls_tickets *t, const char *name)
{
    for (int i = 0; i < PLACES; i++)
        if (t->places[i].name && strcmp(t->places[i].name, name) == 0)
            return i;
    return -1;
}

void tls_tickets_put(struct tls_tickets *t, const char *name, SSL_SESSION *session)
{
    pthread_mutex_lock(&t->lock);
    int i = find(t, name);
    if (i < 0) {
        char *copy = strdup(name);
        i = (int)(t->next++ % PLACES);
        free(t->places[i].name);
        t->places[i].name = copy; // without memory for it, nobody finds the session
    }
    SSL_SESSION_free(t->places[i].session);
    t->places[i].session = session;
    pthread_mutex_unlock(&t->lock);
}

SSL_SESSION *tls_tickets_take(struct tls_tickets *t, const char *name)
{
    SSL_SESSION *session = NULL;
    pthread_mutex_lock(&t->lock);
    int i = find(t, name);
    if (i >= 0)
        session = t->places[i].session;
    if (session && SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION)
        t->places[i].session = NULL;
    else if (session)
        SSL_SESSION_up_ref(session);
    pthread_mutex_unlock(&t->lock);
    return session;
}
