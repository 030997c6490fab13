/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Colours of the 256: what they look like, the nearest of fewer, and the one of an address (XEP-0392). */
#include "ui/theme.h"

#include <math.h>

struct rgb {
	double r, g, b;
};

static struct rgb
rgb_of(int colour)
{
	static const guint8 base[16][3] = { { 0, 0, 0 }, { 205, 0, 0 }, { 0, 205, 0 }, { 205, 205, 0 }, { 0, 0, 238 },
		{ 205, 0, 205 }, { 0, 205, 205 }, { 229, 229, 229 }, { 127, 127, 127 }, { 255, 0, 0 }, { 0, 255, 0 },
		{ 255, 255, 0 }, { 92, 92, 255 }, { 255, 0, 255 }, { 0, 255, 255 }, { 255, 255, 255 } };
	static const guint8 step[6] = { 0, 95, 135, 175, 215, 255 };
	if (colour < 16)
		return (struct rgb){ base[colour][0] / 255.0, base[colour][1] / 255.0, base[colour][2] / 255.0 };
	if (colour < 232) {
		int cube = colour - 16;
		return (struct rgb){ step[cube / 36] / 255.0, step[cube / 6 % 6] / 255.0, step[cube % 6] / 255.0 };
	}
	double grey = (8 + (colour - 232) * 10) / 255.0;
	return (struct rgb){ grey, grey, grey };
}

static int
nearest(struct rgb want, int from, int to)
{
	int best = from;
	double best_distance = 10;
	for (int i = from; i < to; i++) {
		struct rgb is = rgb_of(i);
		double r = is.r - want.r, g = is.g - want.g, b = is.b - want.b;
		double distance = r * r * 0.6 + g * g + b * b * 0.4;
		if (distance < best_distance) {
			best_distance = distance;
			best = i;
		}
	}
	return best;
}

int
theme_colour_in(int colour, int colours)
{
	if (colour < colours)
		return colour;
	int base = nearest(rgb_of(colour), 0, 16);
	return base < colours ? base : base - 8;
}

/* HSLuv with full saturation: the greatest chroma inside sRGB for this lightness and hue, then from LCh(uv) to RGB. */
static const double xyz_to_rgb[3][3] = {
	{ 3.240969941904521, -1.537383177570093, -0.498610760293 },
	{ -0.96924363628087, 1.87596750150772, 0.041555057407175 },
	{ 0.055630079696993, -0.20397695888897, 1.056971514242878 },
};
#define KAPPA 903.2962962
#define EPSILON 0.0088564516
#define REF_U 0.19783000664283
#define REF_V 0.46831999493879

static double
chroma_limit(double lightness, double hue)
{
	double cube = pow(lightness + 16, 3) / 1560896, y = cube > EPSILON ? cube : lightness / KAPPA, least = 1e9;
	for (int i = 0; i < 3; i++) {
		const double *m = xyz_to_rgb[i];
		for (int t = 0; t < 2; t++) {
			double top1 = (284517 * m[0] - 94839 * m[2]) * y;
			double top2 = (838422 * m[2] + 769860 * m[1] + 731718 * m[0]) * lightness * y - 769860 * t * lightness;
			double bottom = (632260 * m[2] - 126452 * m[1]) * y + 126452 * t;
			double length = top2 / bottom / (sin(hue) - top1 / bottom * cos(hue));
			if (length >= 0 && length < least)
				least = length;
		}
	}
	return least;
}

static double
companded(double c)
{
	c = CLAMP(c, 0, 1);
	return c <= 0.0031308 ? 12.92 * c : 1.055 * pow(c, 1 / 2.4) - 0.055;
}

static struct rgb
hsluv(double angle, double lightness)
{
	double hue = angle * G_PI / 180, chroma = chroma_limit(lightness, hue);
	double u = chroma * cos(hue) / (13 * lightness) + REF_U, v = chroma * sin(hue) / (13 * lightness) + REF_V;
	double y = lightness > 8 ? pow((lightness + 16) / 116, 3) : lightness / KAPPA;
	double x = 9 * y * u / (4 * v), z = (9 * y - 15 * v * y - v * x) / (3 * v), out[3];
	for (int i = 0; i < 3; i++)
		out[i] = companded(xyz_to_rgb[i][0] * x + xyz_to_rgb[i][1] * y + xyz_to_rgb[i][2] * z);
	return (struct rgb){ out[0], out[1], out[2] };
}

/* XEP-0392 §5.1: the first two bytes of SHA-1, least significant first, as an angle. */
double
nick_angle(const char *text)
{
	guint8 digest[20];
	gsize length = sizeof digest;
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
	g_checksum_update(checksum, (const guchar *)text, -1);
	g_checksum_get_digest(checksum, digest, &length);
	return (digest[0] | digest[1] << 8) / 65536.0 * 360;
}

int
nick_colour(const char *text, int lightness, int colours)
{
	/* The hues that every terminal has, but for red: that one warns. */
	static const gint8 wheel[5] = { 3, 2, 6, 4, 5 };
	if (colours < 8 || !lightness)
		return COLOUR_DEFAULT;
	double angle = nick_angle(text);
	if (colours < 256)
		return wheel[(int)(angle / 72) % 5];
	return nearest(hsluv(angle, lightness), 16, 232);
}
