/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call in words, for windows, bars and lists. Each text is the caller's to free; names in it are remote text. */
#pragma once

#include "api/call.h"
#include "ui/theme.h"

char *call_name(const struct call_facts *call);                              /* how the other side is called, short */
char *call_security_words(const struct call_facts *call, enum style *style); /* who could listen; or why it ended */
char *call_security_brief(const struct call_facts *call);                    /* the same, what matters first; "" */
char *call_state_words(const struct call_facts *call, gint64 now);           /* "active 3:12, muted", "rings" */
char *call_path_words(const struct call_facts *call);                        /* "direct", "through a relay", "" */
char *call_duration(gint64 from, gint64 to);                                 /* "3:12" */
char *call_ring_words(const struct call_facts *call);                        /* "bob calls with video" */
char *call_level_bar(double level, int width);          /* of dBFS: as many columns, filled with █ from the left */
char *call_sparkline(const guint *values, guint count); /* ▁▂▃▄▅▆▇█, of the greatest */
char *call_bitrate(guint bits);                         /* "480 kbit/s" */
