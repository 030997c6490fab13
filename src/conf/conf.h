/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration layer. */
#pragma once

void conf_init(void);
/* Open or close the log as log.level has it; settings_load() does it. */
void conf_apply_log(void);
