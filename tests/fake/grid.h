/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A terminal of 24 rows and 80 columns that is a file: what is written can be read there, the cells with screen_read(). */
#pragma once

#include <stdio.h>

FILE *grid_start(void); /* NULL where there can be none */
int grid_stop(FILE *terminal);
