/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures. */
#include "media/video.h"

Video *
video_new(const struct video_setup *setup, GError **error)
{
	(void)setup;
	return fault_null(error, FAULT_GONE, "no pictures yet");
}
void
video_free(Video *video)
{
	(void)video;
}
GstPad *
video_pad(Video *video)
{
	(void)video;
	return NULL;
}
bool
video_source(Video *video, const struct choice *choice, GError **error)
{
	(void)video, (void)choice, (void)error;
	return true;
}
void
video_show(Video *video, bool own, guint width, guint height, guint rate)
{
	(void)video, (void)own, (void)width, (void)height, (void)rate;
}
void
video_silence(Video *video, bool on)
{
	(void)video, (void)on;
}
void
video_bitrate(Video *video, guint bits)
{
	(void)video, (void)bits;
}
guint64
video_frames(Video *video, bool own)
{
	(void)video, (void)own;
	return 0;
}
bool
video_owns(Video *video, GstObject *element)
{
	(void)video, (void)element;
	return false;
}
