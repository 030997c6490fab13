/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The xmpp layer: puts its rows into the tables. */
#pragma once

void xmpp_init(void);
