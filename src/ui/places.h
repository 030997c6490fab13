/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The open chats, kept over the end of the process. */
#pragma once

void places_changed(void); /* opened, closed or switched */
void places_restore(void); /* the store is open */
void places_stop(void);    /* before the windows go */
void places_init(void);    /* the rows */
