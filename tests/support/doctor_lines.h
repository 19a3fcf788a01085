/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NFP_TESTS_DOCTOR_LINES_H
#define NFP_TESTS_DOCTOR_LINES_H

#include <string.h>

#include "app/doctor.h"

/* How many lines of a topic are in this state and have the words. */
static inline guint nfpt_lines(const NfpDoctor *doctor, NfpDoctorState state, const char *topic, const char *words)
{
	guint n = 0;

	for (guint i = 0; i < doctor->lines->len; i++) {
		const NfpDoctorLine *line = &g_array_index(doctor->lines, NfpDoctorLine, i);

		n += line->state == state && g_str_equal(line->topic, topic) && strstr(line->text, words);
	}
	return n;
}

#endif
