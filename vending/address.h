/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - which hosts and network addresses this server talks to, whatever a name resolves to. */
#ifndef VENDING_ADDRESS_H
#define VENDING_ADDRESS_H

#include <sys/socket.h>

#include "common/cx.h"

/*
 * False for link-local addresses, clouds' metadata services, multicast,
 * unspecified and reserved ones, and for anything but IPv4 and IPv6; an IPv4
 * address inside an IPv6 one (mapped, NAT64, 6to4) counts as itself.  Loopback
 * is refused where asked.  Private networks are fine: storages live there.
 */
bool address_allowed(const struct sockaddr *address, bool refuse_loopback);

/*
 * True where a list of hosts that may be talked to, ',' between, has this one: "host",
 * "host:port", "*.domain" (whatever ends in .domain); NULL = every host.  Letters' case
 * does not matter.  A name still has to resolve to an allowed address.
 */
bool host_listed(struct cx *cx, const char *list, const char *host, const char *port);

#endif
