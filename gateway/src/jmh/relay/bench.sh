# Functions of the script beside this file: servers, load, and one line of the table per kind of figure.
: "${JAR:=$here/../../../target/avalo-gateway.jar}"
missing=""
for tool in "${JAVA:=java}" nginx haproxy wrk h2load openssl taskset curl python3; do
  command -v "$tool" >/dev/null || missing+=" $tool"
done
[ "$(nproc)" -ge 2 ] || missing+=" (a second core)"
[ -f "$JAR" ] || missing+=" $JAR (mvn -q -DskipTests package)"
[ -z "$missing" ] || { echo "missing:$missing" >&2; exit 2; }
# Serial, as for every heap below 1 GiB.
: "${JAVA_OPTS:=-Xmx512m -XX:+UseSerialGC}"
key="X-Api-Key: bench-key-0123456789abcdef"

dir=$(mktemp -d)
pids=()
cleanup() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  for file in "$dir"/*.pid; do
    if [ -f "$file" ]; then kill "$(cat "$file")" 2>/dev/null || true; fi
  done
  wait 2>/dev/null || true
  rm -rf "$dir"
}
trap cleanup EXIT

free_ports() {
  python3 -c 'import socket
s = [socket.socket() for _ in range('"$1"')]
[x.bind(("127.0.0.1", 0)) for x in s]
print(*[x.getsockname()[1] for x in s])'
}

# fill FILE: a template with this run's paths and ports
fill() {
  sed -e "s|@DIR@|$dir|g; s|@PAYLOAD@|$payload|g; s|@UP@|$up|g; s|@UP_H2@|$up_h2|g; s|@HAPROXY@|$haproxy_port|g" \
    -e "s|@NGINX@|$nginx_port|g; s|@NGINX_H2@|$nginx_h2_port|g; s|@NGINX_TLS@|$nginx_tls_port|g" \
    -e "s|@PORT@|$1|g; s|@PORT_H2@|$2|g; s|@PORT_TLS@|$3|g; s|@ADMIN@|$4|g" "$here/$5"
}

# start_gateway DIRECTORY ADMIN: its process id in $gateway
start_gateway() {
  # shellcheck disable=SC2086
  taskset -c 0 "$JAVA" $JAVA_OPTS -jar "$JAR" run "$1" >"$1.log" 2>&1 &
  gateway=$!
  pids+=("$gateway")
  for _ in $(seq 200); do
    curl -sf "http://127.0.0.1:$2/readyz" >/dev/null && return
    sleep 0.1
  done
  cat "$1.log" >&2
  exit 1
}

start_servers() {
  local edge_port edge_h2_port edge_tls_port admin many_port many_h2 many_tls
  read -r up up_h2 nginx_port nginx_h2_port nginx_tls_port haproxy_port edge_port edge_h2_port edge_tls_port admin \
    many_port many_h2 many_tls many_admin <<<"$(free_ports 14)"
  payload=$(head -c 1024 /dev/zero | tr '\0' x)
  mkdir -p "$dir/bodies" "$dir/edge" "$dir/many"
  chmod -R 755 "$dir"
  head -c 102400 /dev/zero >"$dir/bodies/100k"
  head -c 1048576 /dev/zero >"$dir/bodies/1m"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -keyout "$dir/key.pem" -out "$dir/chain.pem" 2>/dev/null
  for name in upstream proxy; do
    fill 0 0 0 0 "$name.conf" >"$dir/$name.conf"
    nginx -c "$dir/$name.conf" 2>/dev/null
  done
  fill 0 0 0 0 haproxy.cfg >"$dir/haproxy.cfg"
  taskset -c 0 haproxy -f "$dir/haproxy.cfg" 2>/dev/null &
  haproxy_pid=$!
  pids+=("$haproxy_pid")
  fill "$edge_port" "$edge_h2_port" "$edge_tls_port" "$admin" gateway.yaml >"$dir/edge/gateway.yaml"
  fill "$many_port" "$many_h2" "$many_tls" "$many_admin" gateway.yaml >"$dir/many/gateway.yaml"
  {
    echo "routes:"
    for i in $(seq 0 999); do
      echo "  - {name: route$i, match: {path: {prefix: /v1/team$((i % 50))/posts$i}}, service: core}"
    done
  } >"$dir/many/routes.yaml"
  start_gateway "$dir/edge" "$admin"
  edge_pid=$gateway
  sleep 0.5
  nginx_pid=$(pgrep -P "$(cat "$dir/proxy.pid")")
  taskset -apc 0 "$nginx_pid" >/dev/null
  taskset -apc 1 "$(pgrep -P "$(cat "$dir/upstream.pid")")" >/dev/null
  nginx=http://127.0.0.1:$nginx_port nginx_h2=http://127.0.0.1:$nginx_h2_port nginx_tls=https://127.0.0.1:$nginx_tls_port
  edge=http://127.0.0.1:$edge_port edge_h2=http://127.0.0.1:$edge_h2_port edge_tls=https://127.0.0.1:$edge_tls_port
  haproxy=http://127.0.0.1:$haproxy_port many=http://127.0.0.1:$many_port
  cookie=$(curl -s -o /dev/null -D - -H "$key" "$edge/feed" | awk 'tolower($1) == "set-cookie:" {print $2}' | tr -d ';\r')
}

# Loads: URL and seconds in; out comes how many requests were answered as they should be.
wrk_ok='/requests in/ {n = $1} /Non-2xx/ {bad = $NF} /Socket errors/ {print > "/dev/stderr"}
  END {if (bad > 0) print bad " errors" > "/dev/stderr"; print n - bad}'
generate() { timeout "$(($1 + 20))" taskset -c 1 "${@:2}" || true; }
drive() { generate "$2" wrk -t1 -c64 -d"$2s" "${@:3}" "$1" | awk "$wrk_ok"; }
http1() { drive "$1" "$2"; }
http1_caller() { drive "$1" "$2" -H "$key" -H "Cookie: $cookie"; }
http1_closing() { drive "$1" "$2" -H "Connection: close"; }
http1_post() { drive "$1" "$2" -s "$here/post.lua"; }
http1_refused() { generate "$2" wrk -t1 -c64 -d"$2s" "$1" | awk '/Non-2xx/ {n = $NF} END {print n + 0}'; }
http2() { generate "$2" h2load -t1 -c32 -m10 -D "$2" "$1" | awk '/^status codes/ {n = $3} END {print n + 0}'; }

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }

# window PID LOAD URL SECONDS: microseconds of CPU per request
window() {
  local before count
  before=$(ticks "$1")
  count=$("$2" "$3" "$4")
  awk -v t=$(($(ticks "$1") - before)) -v n="$count" -v hz="$(getconf CLK_TCK)" \
    'BEGIN {if (n == 0) n = 0.01; printf "%.2f\n", t * 1000000 / hz / n}'
}

# stats FILE: minimum, median, maximum
stats() {
  sort -g "$1" | awk '{v[NR] = $1}
    END {m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2; printf "%s %s %s", v[1], m, v[NR]}'
}

heading() {
  printf '%-34s %-12s %24s %24s %7s %8s %7s\n' figure unit "gateway med (min-max)" "peer med (min-max)" ratio must aim
}

# line NAME UNIT MUST AIM OURS THEIRS HOW: HOW is "ratio" or "difference", of medians; MUST begins with <= or >=
line() {
  local omin omed omax tmin tmed tmax
  read -r omin omed omax <<<"$(stats "$5")"
  read -r tmin tmed tmax <<<"$(stats "$6")"
  awk -v name="$1" -v unit="$2" -v must="$3" -v aim="$4" -v how="$7" \
    -v o="$omed" -v t="$tmed" -v os="$omed ($omin-$omax)" -v ts="$tmed ($tmin-$tmax)" 'BEGIN {
      value = how == "ratio" ? o / t : o - t
      bound = substr(must, 3) + 0
      met = must == "report" || (substr(must, 1, 1) == "<" ? value <= bound : value >= bound)
      printf "%-34s %-12s %24s %24s %7.2f %8s %7s%s\n", name, unit, os, ts, value, must, aim, met ? "" : "  missed"
    }'
}

# cpu ROW NAME MUST AIM LOAD NGINX_URL GATEWAY_URL
cpu() {
  "$5" "$7" "$warmup" >/dev/null
  "$5" "$6" 1 >/dev/null
  for _ in $(seq "$rounds"); do
    window "$nginx_pid" "$5" "$6" "$seconds" >>"$dir/$1.theirs"
    window "$edge_pid" "$5" "$7" "$seconds" >>"$dir/$1.ours"
  done
  line "$2" "us/request" "$3" "$4" "$dir/$1.ours" "$dir/$1.theirs" ratio
}

# bytes ROW NAME SIZE MUST AIM NGINX_URL GATEWAY_URL: megabytes per second of CPU
bytes() {
  http1 "$7" "$warmup" >/dev/null
  for _ in $(seq "$rounds"); do
    window "$nginx_pid" http1 "$6" "$seconds" | awk -v b="$3" '{printf "%.0f\n", b / $1}' >>"$dir/$1.theirs"
    window "$edge_pid" http1 "$7" "$seconds" | awk -v b="$3" '{printf "%.0f\n", b / $1}' >>"$dir/$1.ours"
  done
  line "$2" "MB/CPU-s" ">=$4" ">=$5" "$dir/$1.ours" "$dir/$1.theirs" ratio
}

# paced URL RATE: 99th percentile in milliseconds of 64 connections that together send RATE requests a second
paced() {
  generate "$seconds" h2load --h1 -t1 -c64 -D "$seconds" --rps="$(awk -v r="$2" 'BEGIN {printf "%.1f", r / 64}')" \
    --log-file="$dir/paced" "$1" >/dev/null
  awk '{print $3}' "$dir/paced" | sort -n | awk '{v[NR] = $1} END {printf "%.2f\n", v[int(NR * 0.99)] / 1000}'
  rm "$dir/paced"
}

# latency NAME MUST AIM HAPROXY_URL GATEWAY_URL
latency() {
  local theirs ours
  http1 "$5" "$warmup" >/dev/null
  theirs=$(($(http1 "$4" 3) / 6)) ours=$(($(http1 "$5" 3) / 6))
  paced "$5" "$ours" >/dev/null
  for _ in $(seq "$rounds"); do
    paced "$4" "$theirs" >>"$dir/p99.theirs"
    paced "$5" "$ours" >>"$dir/p99.ours"
  done
  line "$1" ms "<=$2" "<=$3" "$dir/p99.ours" "$dir/p99.theirs" ratio
}

# added NAME MUST AIM URL MANY_PATH: CPU that a thousand routes add to a request, by a gateway that has them
added() {
  start_gateway "$dir/many" "$many_admin"
  http1 "$4" "$warmup" >/dev/null
  http1 "$many$5" "$((2 * warmup))" >/dev/null
  for _ in $(seq "$rounds"); do
    window "$edge_pid" http1 "$4" "$seconds" >>"$dir/routes.theirs"
    window "$gateway" http1 "$many$5" "$seconds" >>"$dir/routes.ours"
  done
  line "$1" "us/request" "<=$2" "<=$3" "$dir/routes.ours" "$dir/routes.theirs" difference
}
