/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/doctor.h"

#include <json-glib/json-glib.h>

#include "app/members.h"
#include "base/error.h"
#include "base/wrap.h"

#define TEXT_COLUMN 20

static const char *const states[] = { [NFP_DOCTOR_OK] = "ok", [NFP_DOCTOR_WARN] = "warn", [NFP_DOCTOR_FAIL] = "fail" };

static void line_clear(void *data)
{
	NfpDoctorLine *line = data;

	g_free(line->text);
	g_free(line->advice);
}

NfpDoctor *nfp_doctor_new(void)
{
	NfpDoctor *doctor = g_new0(NfpDoctor, 1);

	doctor->lines = g_array_new(FALSE, FALSE, sizeof(NfpDoctorLine));
	g_array_set_clear_func(doctor->lines, line_clear);
	return doctor;
}

void nfp_doctor_free(NfpDoctor *doctor)
{
	if (!doctor)
		return;
	g_array_unref(doctor->lines);
	g_free(doctor);
}

void nfp_doctor_add(NfpDoctor *doctor, NfpDoctorState state, const char *topic, const char *advice, const char *format,
		    ...)
{
	NfpDoctorLine line = { .state = state, .topic = topic, .advice = g_strdup(advice) };
	va_list args;

	va_start(args, format);
	line.text = g_strdup_vprintf(format, args);
	va_end(args);
	g_array_append_val(doctor->lines, line);
}

static guint count(const NfpDoctor *doctor, NfpDoctorState state)
{
	guint n = 0;

	for (guint i = 0; i < doctor->lines->len; i++)
		n += g_array_index(doctor->lines, NfpDoctorLine, i).state == state;
	return n;
}

int nfp_doctor_code(const NfpDoctor *doctor)
{
	if (doctor->cannot)
		return NFP_ERROR_CANNOT;
	return count(doctor, NFP_DOCTOR_FAIL) ? NFP_ERROR_FAILED : 0;
}

static const char *result(const NfpDoctor *doctor)
{
	return states[count(doctor, NFP_DOCTOR_FAIL)   ? NFP_DOCTOR_FAIL :
		      count(doctor, NFP_DOCTOR_WARN) ? NFP_DOCTOR_WARN :
						       NFP_DOCTOR_OK];
}

char *nfp_doctor_text(const NfpDoctor *doctor)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < doctor->lines->len; i++) {
		const NfpDoctorLine *line = &g_array_index(doctor->lines, NfpDoctorLine, i);

		g_string_append_printf(out, "%-5s %-*s ", states[line->state], TEXT_COLUMN - 7, line->topic);
		nfp_wrap(out, TEXT_COLUMN, line->text);
		g_string_append_c(out, '\n');
		if (!line->advice)
			continue;
		g_string_append_printf(out, "%*s-> ", TEXT_COLUMN, "");
		nfp_wrap(out, TEXT_COLUMN + 3, line->advice);
		g_string_append_c(out, '\n');
	}
	g_string_append_printf(out, "\n%u ok, %u to look at (warn), %u that do not work (fail)\n",
			       count(doctor, NFP_DOCTOR_OK), count(doctor, NFP_DOCTOR_WARN),
			       count(doctor, NFP_DOCTOR_FAIL));
	return g_string_free(out, FALSE);
}

char *nfp_doctor_json(const NfpDoctor *doctor)
{
	g_autoptr(JsonBuilder) b = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL;

	json_builder_begin_object(b);
	nfp_json_add_string(b, "result", result(doctor));
	json_builder_set_member_name(b, "checks");
	json_builder_begin_array(b);
	for (guint i = 0; i < doctor->lines->len; i++) {
		const NfpDoctorLine *line = &g_array_index(doctor->lines, NfpDoctorLine, i);

		json_builder_begin_object(b);
		nfp_json_add_string(b, "state", states[line->state]);
		nfp_json_add_string(b, "topic", line->topic);
		nfp_json_add_string(b, "text", line->text);
		if (line->advice)
			nfp_json_add_string(b, "advice", line->advice);
		json_builder_end_object(b);
	}
	json_builder_end_array(b);
	json_builder_end_object(b);
	root = json_builder_get_root(b);
	text = json_to_string(root, FALSE);
	return g_strconcat(text, "\n", NULL);
}
