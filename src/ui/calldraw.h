/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call as it is drawn into a piece of the screen. */
#pragma once

#include "api/call.h"
#include "ui/screen.h"

enum { CALL_PICTURE_ROWS = 4 }; /* fewer show nothing */
bool call_has_picture(const struct call_facts *call);
int call_brief_rows(const struct call_facts *call); /* above a chat, without a picture: all that is said in words */
/* call NULL: it is over and forgotten. own_window: there is nothing else in it. */
void call_draw(const struct call_facts *call, const struct rectangle *where, bool own_window);
