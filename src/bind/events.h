// What net/ calls: its events as calls of Lua handlers, their answers as calls of net/.
#ifndef BIND_EVENTS_H
#define BIND_EVENTS_H

#include "net/events.h"

extern const struct net_events events_table;

#endif
