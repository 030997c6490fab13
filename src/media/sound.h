/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ringing, waiting and the end, made of tones. */
#pragma once

#include "media/choice.h"

typedef struct Sound Sound;
/* which: ringing, waiting, hangup. To a loudspeaker only: a file or nothing gets none, and NULL comes back without an error. */
Sound *sound_new(const char *which, const struct choice *sink, GError **error);
void sound_free(Sound *sound);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sound, sound_free)
