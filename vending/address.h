/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - network addresses this server never talks to, whatever a name resolves to. */
#ifndef VENDING_ADDRESS_H
#define VENDING_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * False for link-local addresses, clouds' metadata services, multicast,
 * unspecified and reserved ones, and for anything but IPv4 and IPv6; an IPv4
 * address inside an IPv6 one (mapped, NAT64, 6to4) counts as itself.  Loopback
 * is refused where asked.  Private networks are fine: storages live there.
 */
bool address_allowed(const struct sockaddr *address, bool refuse_loopback);

#endif
