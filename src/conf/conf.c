/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts the configuration layer. It brings no settings of its own: each layer has those it reads. */
#include "conf/conf.h"

void
conf_init(void)
{
}
