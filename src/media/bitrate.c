/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loss means that a queue is full, a growing round trip that one is filling. Down fast, up slowly. */
#include "media/bitrate.h"

#define LOSS_HIGH 0.10
#define LOSS_LOW 0.02
enum { RTT_GROWN = 150, RTT_CALM = 50 }; /* ms above the least that was seen */

guint
bitrate_next(struct bitrate *bitrate, double loss, double rtt)
{
	double factor = 1;

	if (!bitrate->bits)
		*bitrate = (struct bitrate){ BITRATE_FIRST, rtt };
	if (rtt >= 0 && (bitrate->rtt_min < 0 || rtt < bitrate->rtt_min))
		bitrate->rtt_min = rtt;
	double grown = rtt >= 0 ? rtt - bitrate->rtt_min : 0;
	if (loss > LOSS_HIGH)
		factor = 0.75;
	else if (grown > RTT_GROWN)
		factor = 0.85;
	else if (loss >= 0 && loss < LOSS_LOW && grown < RTT_CALM)
		factor = 1.05;
	bitrate->bits = CLAMP(bitrate->bits * factor, BITRATE_LEAST, BITRATE_MOST);
	return bitrate->bits;
}
