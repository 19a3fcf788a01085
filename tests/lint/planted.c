/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Not a part of anything: faults that the analysers have to find before scripts/lint believes them. */
#include <stddef.h>

int planted(int n);

int planted(int n)
{
	int *p = NULL, row[2] = { 0, n };

	if (n > 3)
		p = &n;
	if (n == 2)
		return *p;
	return p ? *p : row[2];
}
