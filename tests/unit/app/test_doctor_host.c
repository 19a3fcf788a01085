/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <sys/utsname.h>

#include "support/doctor_lines.h"

Test(doctor_host, tells_of_each_thing_once)
{
	g_autoptr(NfpDoctor) doctor = nfp_doctor_new();
	g_autoptr(NfpConf) conf = nfp_conf_default();
	struct utsname name;
	guint kernel = 0, privileges = 0, memory = 0;

	uname(&name);
	nfp_doctor_host(doctor, conf);
	for (NfpDoctorState s = NFP_DOCTOR_OK; s <= NFP_DOCTOR_FAIL; s++) {
		kernel += nfpt_lines(doctor, s, "kernel", name.release);
		privileges += nfpt_lines(doctor, s, "privileges", "");
		memory += nfpt_lines(doctor, s, "memory", "up to 512 MiB");
	}
	cr_assert(kernel == 1 && privileges == 1 && memory == 1);
	/* 77 exactly when this user may not. */
	cr_assert_eq(nfp_doctor_code(doctor) == 77, nfpt_lines(doctor, NFP_DOCTOR_FAIL, "privileges", "") == 1);
}

Test(doctor_host, memory_that_is_not_there)
{
	g_autoptr(NfpDoctor) doctor = nfp_doctor_new();
	g_autoptr(NfpConf) conf = nfp_conf_default();
	const NfpCollectorOptions wants = { .biflow = TRUE };

	conf->maps_memory = 1ull << 50;
	conf->maps_table = FALSE;
	conf->clock_exact = TRUE;
	conf->biflow_memory = 1ull << 50;
	g_array_append_val(conf->collectors, wants);
	nfp_doctor_host(doctor, conf);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_WARN, "memory", "up to 2147483648 MiB"), 1);
	if (nfp_doctor_code(doctor) != 77) {
		cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_WARN, "flow tables", "switched off"), 1);
		cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "clock", "exact"), 1);
	}
}
