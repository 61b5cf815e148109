/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/http.h"
#include "log.h"
#include "lvsd.h"
#include "web/metrics.h"
#include "web/page.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONNECTIONS_MAX = 16,
	TIMEOUT_S = 10,     /* for who does not read, or says nothing */
	BLOCK = 65536,      /* bytes made at a time, in well under a millisecond */
	MEMORY = 2 * BLOCK, /* of a connection */
};

static void describe(const struct lvsd *lvsd, struct metrics_source *source)
{
	*source = (struct metrics_source){
		.director = lvsd->director,
		.workers = lvsd->worker,
		.worker_n = lvsd->worker_n,
		.adapter = lvsd->options.io->name,
		.conns_max = lvsd->settings.value[SETTING_CONN_MAX],
		.started_s = lvsd->started_s,
		.reloaded_s = lvsd->reloaded_s,
		.reload_is_refused = lvsd->reload_is_refused,
	};
}

static ssize_t read_metrics(void *user, uint64_t position, char *bytes, size_t len)
{
	size_t n = metrics_read(user, bytes, len);

	(void)position; /* it goes from front to back */
	return n ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
}

static enum MHD_Result answer_metrics(const struct lvsd *lvsd, struct MHD_Connection *connection)
{
	struct metrics *metrics = malloc(sizeof(*metrics));
	struct metrics_source source;
	struct MHD_Response *response;
	enum MHD_Result result;

	if (!metrics)
		return MHD_NO;
	describe(lvsd, &source);
	metrics_begin(metrics, &source);
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_metrics, metrics,
						     free);
	if (!response) {
		free(metrics);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type",
				"text/plain; version=0.0.4; charset=utf-8");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response); /* the connection has it */
	return result;
}

/* It may run its own script, ask this server, and nobody else. */
static enum MHD_Result answer_page(struct MHD_Connection *connection)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		page_html_len, (void *)(uintptr_t)page_html, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", "text/html; charset=utf-8");
	MHD_add_response_header(response, "Content-Security-Policy",
				"default-src 'none'; script-src 'unsafe-inline'; style-src "
				"'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; "
				"base-uri 'none'; form-action 'none'");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status,
				   const char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_len, void **state)
{
	(void)version;
	(void)upload;
	(void)state;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		*upload_len = 0;
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD\n");
	}
	if (!strcmp(url, "/metrics"))
		return answer_metrics(user, connection);
	if (!strcmp(url, "/"))
		return answer_page(connection);
	return answer_text(connection, MHD_HTTP_NOT_FOUND, "There are / and /metrics\n");
}

__attribute__((format(printf, 2, 0))) static void tell(void *user, const char *format, va_list args)
{
	const struct lvsd *lvsd = user;
	char text[256];

	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = 0;
	log_line(&lvsd->log, LVS_LOG_DEBUG, "http: %s", text);
}

static void fill_address(const struct options_listen *listen, struct sockaddr_storage *address)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	struct sockaddr_in *four = (struct sockaddr_in *)address;

	memset(address, 0, sizeof(*address));
	address->ss_family = listen->family;
	if (listen->family == AF_INET6) {
		six->sin6_port = htons(listen->port);
		memcpy(&six->sin6_addr, &listen->addr, sizeof(six->sin6_addr));
	} else {
		four->sin_port = htons(listen->port);
		memcpy(&four->sin_addr, &listen->addr, sizeof(four->sin_addr));
	}
}

int http_open(struct lvsd *lvsd)
{
	const struct options_listen *listen = &lvsd->options.metrics;
	struct sockaddr_storage address;
	unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG;
	char text[INET6_ADDRSTRLEN] = "";

	if (!listen->port)
		return 0;
	fill_address(listen, &address);
	if (listen->family == AF_INET6)
		flags |= MHD_USE_IPv6;
	lvsd->http = MHD_start_daemon(
		flags, listen->port, NULL, NULL, answer, lvsd, MHD_OPTION_EXTERNAL_LOGGER, tell,
		lvsd, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S, MHD_OPTION_END);
	if (lvsd->http)
		return 0;
	inet_ntop(listen->family, &listen->addr, text, sizeof(text));
	log_line(&lvsd->log, LVS_LOG_ERROR, "metrics: %s, port %u: %s", text, listen->port,
		 strerror(errno));
	return -1;
}

void http_close(struct lvsd *lvsd)
{
	if (lvsd->http)
		MHD_stop_daemon(lvsd->http);
	lvsd->http = NULL;
}

int http_fd(const struct lvsd *lvsd)
{
	const union MHD_DaemonInfo *info =
		lvsd->http ? MHD_get_daemon_info(lvsd->http, MHD_DAEMON_INFO_EPOLL_FD) : NULL;

	return info ? info->epoll_fd : -1;
}

int http_wait_ms(const struct lvsd *lvsd)
{
	MHD_UNSIGNED_LONG_LONG wait;

	if (!lvsd->http || MHD_get_timeout(lvsd->http, &wait) != MHD_YES)
		return -1;
	return wait < INT_MAX ? (int)wait : INT_MAX;
}

void http_go_on(struct lvsd *lvsd)
{
	if (lvsd->http)
		MHD_run(lvsd->http);
}
