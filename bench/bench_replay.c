// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames a second of a replay from the file to its records, start and end included; by the clock and by the
 * CPU time of all its threads, which a busy machine hardly changes. The capture is made here: frames
 * of 64 to 1514 bytes, of which 96 are in the file, of 20000 UDP flows in 100 s. What it logs goes to
 * stderr; needs root. One JSON line. Usage: bench_replay [frames]
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/replay.h"
#include "base/clock.h"

#define ROUNDS 3 /* the best counts: noise only ever slows down */
#define SNAP 96
#define FLOWS 20000
#define SPAN (100 * NFP_NS_PER_S)
#define START 1500000000u

typedef struct {
	uint32_t seconds, nanoseconds, captured, wire;
} RecordHeader;

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

/* Ethernet, IPv4, UDP; the flow is in source address and port. */
static void make_frame(uint8_t frame[SNAP], uint32_t flow, uint32_t wire)
{
	static const uint8_t head[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17,
					0, 0, 10, 0, 0, 0, 10, 255, 0, 1, 0, 0, 0, 53 };

	memset(frame, 0, SNAP);
	memcpy(frame, head, sizeof(head));
	put16(frame + 16, wire - 14);
	put16(frame + 28, flow >> 2);
	put16(frame + 34, 1024 + flow % 1000);
	put16(frame + 38, wire - 34);
}

static void make_capture(FILE *file, uint64_t frames)
{
	static const uint32_t header[] = { 0xa1b23c4d, 4 << 16 | 2, 0, 0, 262144, 1 };
	static const uint16_t sizes[] = { 64, 64, 590, 1514 };

	fwrite(header, sizeof(header), 1, file);
	for (uint64_t i = 0; i < frames; i++) {
		uint64_t time = i * SPAN / frames;
		uint32_t wire = sizes[i % G_N_ELEMENTS(sizes)];
		const RecordHeader record = { START + time / NFP_NS_PER_S, time % NFP_NS_PER_S, MIN(wire, SNAP), wire };
		uint8_t frame[SNAP];

		make_frame(frame, i * 2654435761u % FLOWS, wire);
		fwrite(&record, sizeof(record), 1, file);
		fwrite(frame, record.captured, 1, file);
	}
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	uint64_t frames = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	g_autoptr(NfpConf) conf = nfp_conf_default();
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("nfprobe-bench-XXXXXX", &path, NULL), out = dup(STDOUT_FILENO);
	int null = open("/dev/null", O_WRONLY);
	NfpReplayOptions options = { .path = path, .json = TRUE };
	double best = 0, best_cpu = 0;
	FILE *file;
	int code = 0;

	if (fd < 0 || out < 0 || null < 0 || !frames || frames > 100000000) {
		fprintf(stderr, "bench_replay: 1 to 100000000 frames, and room for 100 bytes of each\n");
		return 2;
	}
	file = fdopen(fd, "w");
	make_capture(file, frames);
	code = ferror(file) | fclose(file);
	dup2(null, STDOUT_FILENO);
	for (guint round = 0; round < ROUNDS && !code; round++) {
		double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

		code = nfp_app_replay(conf, &options);
		best = MAX(best, (double)frames / (seconds(CLOCK_MONOTONIC) - start));
		best_cpu = MAX(best_cpu, (double)frames / (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu));
	}
	dup2(out, STDOUT_FILENO);
	unlink(path);
	if (code)
		return code == 77 ? 77 : 1;
	printf("{\"name\":\"replay_frames_per_s\",\"value\":%.0f,\"unit\":\"frames/s\",\"vs\":\"wall-clock time\",\"per_cpu_second\":%.0f,"
	       "\"frames\":%" PRIu64 ",\"flows\":%d,\"rounds\":%d}\n", best, best_cpu, frames, FLOWS, ROUNDS);
	return 0;
}
