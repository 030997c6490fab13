/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layer store: its rows. */
#pragma once

void store_init(void); /* migrations and options into the tables */
