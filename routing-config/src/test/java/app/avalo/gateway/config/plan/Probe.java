package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.unit.IpAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request to match; counts how often a condition looked at it. */
final class Probe implements RequestView {
  private final String method;
  private final String host;
  private final String path;
  private final Map<String, String> headers = new HashMap<>();
  private final Map<String, String> query = new HashMap<>();
  private IpAddress client = IpAddress.v4(0x7f000001);
  int looks;

  Probe(String method, String host, String path) {
    this.method = method;
    this.host = host;
    this.path = path;
  }

  static Probe get(String path) {
    return new Probe("GET", "api.avalo.app", path);
  }

  Probe header(String name, String value) {
    headers.put(name, value);
    return this;
  }

  Probe query(String name, String value) {
    query.put(name, value);
    return this;
  }

  Probe from(IpAddress address) {
    client = address;
    return this;
  }

  @Override
  public String method() {
    return method;
  }

  @Override
  public String host() {
    return host;
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public @Nullable String header(String name) {
    looks++;
    return headers.get(name);
  }

  @Override
  public @Nullable String query(String name) {
    looks++;
    return query.get(name);
  }

  @Override
  public IpAddress client() {
    return client;
  }

  @Override
  public String toString() {
    return method + " " + host + path + " " + headers + query + client;
  }
}
