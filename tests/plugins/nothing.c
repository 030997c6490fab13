/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A shared object that is no plugin. */
int sotto_nothing(void);

int
sotto_nothing(void)
{
	return 0;
}
