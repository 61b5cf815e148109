/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsd and the service manager: what the environment may say, what is told, a worker that is stuck.
 */
#include "service/notify.h"
#include "worker.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned errors, warnings;

static void count_line(void *user, enum lvs_log_level level, const char *text)
{
	(void)user;
	(void)text;
	errors += level == LVS_LOG_ERROR;
	warnings += level == LVS_LOG_WARNING;
}

static const struct lvs_log quiet = {.line = count_line};

static const struct {
	const char *path; /* NULL: not set */
	bool used;
	unsigned warnings;
} sockets[] = {
	{NULL, false, 0},
	{"/run/nobody", true, 0},
	{"@abstract", true, 0},
	{"", false, 1},
	{"/", false, 1},
	{"@", false, 1},
	{"relative", false, 1},
	{"vsock:2:1234", false, 1},
	{"/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
	 "8901234567890123456789",
	 false, 1},
};

START_TEST(test_socket)
{
	struct notify notify;

	warnings = 0;
	unsetenv("NOTIFY_SOCKET");
	if (sockets[_i].path)
		setenv("NOTIFY_SOCKET", sockets[_i].path, 1);
	notify_open(&notify, &quiet);
	ck_assert_int_eq(notify.fd >= 0, sockets[_i].used);
	ck_assert_uint_eq(warnings, sockets[_i].warnings);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	notify_send(&notify, "READY=1"); /* nobody hears it, and nothing happens */
	notify_close(&notify);
}
END_TEST

static const struct {
	const char *usec;
	bool other; /* it is meant for another process */
	uint64_t ns;
} watchdogs[] = {
	{"10000000", false, UINT64_C(10000000000)},
	{"10000000", true, 0},
	{"0", false, 0},
	{"soon", false, 0},
	{NULL, false, 0},
};

START_TEST(test_watchdog)
{
	struct notify notify;
	char pid[32];

	snprintf(pid, sizeof(pid), "%ld", (long)getpid() + watchdogs[_i].other);
	setenv("NOTIFY_SOCKET", "@nobody", 1);
	setenv("WATCHDOG_PID", pid, 1);
	unsetenv("WATCHDOG_USEC");
	if (watchdogs[_i].usec)
		setenv("WATCHDOG_USEC", watchdogs[_i].usec, 1);
	notify_open(&notify, &quiet);
	ck_assert_uint_eq(notify.watchdog_ns, watchdogs[_i].ns);
	if (watchdogs[_i].ns)
		ck_assert_int_le(notify_wait_ms(&notify), 5000);
	else
		ck_assert_int_eq(notify_wait_ms(&notify), -1);
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	notify_close(&notify);
}
END_TEST

/* A manager at an abstract address of this process. */
static int listen_at(char *name, size_t len)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int n;

	snprintf(name, len, "@test_lvsd_notify.%ld", (long)getpid());
	n = snprintf(to.sun_path + 1, sizeof(to.sun_path) - 1, "%s", name + 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)),
			 0);
	return fd;
}

static const char *heard(int fd)
{
	static char text[512];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = 0;
	return text;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Time is moved by what is due, and by when a worker looked last. */
START_TEST(test_stuck)
{
	static struct worker workers[2];
	struct notify notify;
	char name[64];
	int fd = listen_at(name, sizeof(name));

	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "60000000", 1);
	unsetenv("WATCHDOG_PID");
	notify_open(&notify, &quiet);
	errors = 0;
	workers[0].now = workers[1].now = now_ns();
	notify_go_on(&notify, workers, 2, &quiet);
	ck_assert_str_eq(heard(fd), ""); /* not yet */
	notify.due_ns = 0;
	notify_go_on(&notify, workers, 2, &quiet);
	ck_assert_str_eq(heard(fd), "WATCHDOG=1");
	ck_assert_uint_gt(notify.due_ns, now_ns() + UINT64_C(20000000000));

	workers[1].now = now_ns() - NOTIFY_STUCK_NS - 1;
	for (unsigned i = 0; i < 3; i++) {
		notify.due_ns = 0;
		notify_go_on(&notify, workers, 2, &quiet);
		ck_assert_str_eq(heard(fd), "");
		ck_assert_uint_eq(errors, 1); /* said once */
	}
	workers[1].now = now_ns();
	notify.due_ns = 0;
	notify_go_on(&notify, workers, 2, &quiet);
	ck_assert_str_eq(heard(fd), "WATCHDOG=1");
	notify_close(&notify);
	close(fd);
}
END_TEST

START_TEST(test_lines)
{
	struct notify notify;
	char name[64];
	int fd = listen_at(name, sizeof(name));

	setenv("NOTIFY_SOCKET", name, 1);
	notify_open(&notify, &quiet);
	notify_status(&notify, "READY=1\n", "%d services", 3);
	ck_assert_str_eq(heard(fd), "READY=1\nSTATUS=3 services");
	notify_reloading(&notify);
	ck_assert_int_eq(strncmp(heard(fd), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	notify_close(&notify);
	notify_send(&notify, "READY=1"); /* closed: nothing */
	ck_assert_str_eq(heard(fd), "");
	close(fd);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("lvsd_notify");

	tcase_add_loop_test(tcase, test_socket, 0, (int)(sizeof(sockets) / sizeof(sockets[0])));
	tcase_add_loop_test(tcase, test_watchdog, 0,
			    (int)(sizeof(watchdogs) / sizeof(watchdogs[0])));
	tcase_add_test(tcase, test_stuck);
	tcase_add_test(tcase, test_lines);
	return unit_run("lvsd_notify", tcase);
}
