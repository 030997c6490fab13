/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first packet of a process that SRTP encrypts. */
#pragma once

/* Its library loads others with its first session and drops them with its last: this one stays. So the first true packet waits for
 * no disk, and SRTP works where a kernel lets no file be opened inside the fence. */
void firstsrtp_send(void);
