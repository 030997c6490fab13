/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The xmpp layer: puts its rows into the tables. */
#pragma once

void xmpp_init(void);

/* What the first connection will need of GIO is loaded now, while the store's key is derived, instead of after it. */
void xmpp_warm_up(void);
