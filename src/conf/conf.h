/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration layer. */
#pragma once

void conf_init(void);
