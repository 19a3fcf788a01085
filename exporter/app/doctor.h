/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `nfprobe doctor`: what will work here and what will not, a line each, with what to do. Looks, and changes nothing; the
 * one thing that leaves the machine is what tells whether collectors answer (docs/doctor.md).
 */
#ifndef NFP_APP_DOCTOR_H
#define NFP_APP_DOCTOR_H

#include "conf/conf.h"

typedef enum {
	NFP_DOCTOR_OK,
	NFP_DOCTOR_WARN, /* works, but not as well or as exactly as it could */
	NFP_DOCTOR_FAIL, /* does not work */
} NfpDoctorState;

typedef struct {
	NfpDoctorState state;
	const char *topic; /* "kernel", "interface", "collector", ...: a constant */
	char *text;
	char *advice; /* what to do, or NULL */
} NfpDoctorLine;

typedef struct {
	GArray *lines;   /* NfpDoctorLine */
	gboolean cannot; /* nothing can be metered here: exit code 77 */
} NfpDoctor;

NfpDoctor *nfp_doctor_new(void);
void nfp_doctor_free(NfpDoctor *doctor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpDoctor, nfp_doctor_free)

/* advice: a constant or NULL; copied. */
void nfp_doctor_add(NfpDoctor *doctor, NfpDoctorState state, const char *topic, const char *advice, const char *format,
		    ...) G_GNUC_PRINTF(5, 6);
char *nfp_doctor_text(const NfpDoctor *doctor);
char *nfp_doctor_json(const NfpDoctor *doctor); /* one object, one line */
/* 0; 1: something fails; 77: nothing can be metered here. */
int nfp_doctor_code(const NfpDoctor *doctor);

/* ---- what is looked at ---------------------------------------------------------------------------- */

/* Privileges, kernel, BPF, clock, memory. */
void nfp_doctor_host(NfpDoctor *doctor, const NfpConf *conf);
/* Interfaces of every network namespace that the configuration names: which are metered, how, who else is there. */
void nfp_doctor_links(NfpDoctor *doctor, const NfpConf *conf);
/* Templates, databases, folders, collectors. Takes some seconds for each collector that does not answer. */
void nfp_doctor_outputs(NfpDoctor *doctor, const NfpConf *conf);
/* One collector: its templates and a sample record through an independent decoder, what it makes of each field.
 * send: the same to the collector itself. Error: there is no such collector (NFP_ERROR_USAGE). */
gboolean nfp_doctor_collector(NfpDoctor *doctor, const NfpConf *conf, const char *name, gboolean send, GError **err);

#endif
