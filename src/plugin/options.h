/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings of the plugin layer. */
#pragma once

extern char *plugin_option_load; /* plugin.load; NULL before the settings are loaded */
