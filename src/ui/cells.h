/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moving pictures in the cells of a terminal: half blocks of 24 bit, of 256 or of 16 colours, or letters without colour. What the
 * terminal already shows, or nearly, is not sent again. */
#pragma once

#include "api/public.h"

enum cells_depth { CELLS_MONO, CELLS_16, CELLS_256, CELLS_TRUE };
/* Nobody sees that a channel is off by so much; exactly compared, nearly every cell of a real picture changes. */
enum { CELLS_TOLERANCE = 8 };

typedef struct Cells Cells;
Cells *cells_new(enum cells_depth depth);
void cells_free(Cells *cells);
/* The rectangle, counted from 0; what is shown there is not known. */
void cells_place(Cells *cells, int row, int col, int rows, int cols);
/* Appends what brings rgb onto the screen: as many pixels wide as there are columns, twice as many high as there are rows. Nothing
 * is appended when nothing changed. The cursor and the colours are somewhere afterwards. */
void cells_draw(Cells *cells, const guint8 *rgb, GString *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cells, cells_free)
