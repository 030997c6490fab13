/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths and files of the profile: one builder, private modes, no links followed. */
#pragma once

#include "api/public.h"

enum folder { FOLDER_CONFIG, FOLDER_DATA, FOLDER_CACHE, FOLDER_PLUGINS, FOLDER_DOWNLOADS };

/* dir: --config-dir, keeps everything below it; NULL: the XDG folders. Creates them 0700 (but for downloads). */
bool files_init(const char *dir, GError **error);
/* A path in a folder; name is a plain file name (no "/", not "..", no NUL): else NULL with FAULT_INPUT. */
char *files_path(enum folder folder, const char *name, GError **error);
const char *files_folder(enum folder folder);
/* Open a regular file of ours, never through a link: flags as in open(2), mode 0600. -1 with a reason. */
int files_open(const char *path, int flags, GError **error);
/* Whole files, at most max bytes, regular files of ours only (no link, FIFO, device). */
bool files_read(const char *path, size_t max, char **text, size_t *length, GError **error);
/* Atomic and durable, mode 0600. */
bool files_write(const char *path, const char *text, gssize length, GError **error);
/* True when nobody but us or root may write the file and its folder, or put another folder in its place. */
bool files_is_private(const char *path, GError **error);
