/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How what arrives joins what is kept: doubles, corrections, receipts, markers, errors. */
#pragma once

#include "chat/msgcodec.h"
#include "chat/peel.h"

/* The kept message that this one is another copy of; NULL if it is new. Caller unrefs. */
Message *merge_find_known(const Letter *letter, const struct decoded *decoded, const char *account);
/* Inside the transaction, before message is kept: *original gets its text and message becomes hidden, if it may. */
bool merge_correction(Message *message, Message **original, GError **error);
/* Inside the transaction, after message was kept: a correction of it that came before it is taken into it. */
bool merge_late_original(Message *message, GError **error);
/* Receipts, markers, chat states; true when there was one. */
bool merge_signals(const Letter *letter, const struct decoded *decoded, const char *account);
bool merge_error(const Letter *letter, const struct decoded *decoded, const char *account);
