package app.avalo.gateway.config;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A named group of upstreams that fails and is drained together.
 *
 * @param name as in the YAML key
 * @param index number in pin epochs; unique, 0 to 65535, never reused for another region
 * @param place what people call its site, for example {@code Berlin}
 * @param latitude degrees north, -90 to 90
 * @param longitude degrees east, -180 to 180
 * @param residency tags of the data rules it satisfies, matched by {@link PlacingConfig.Residency}
 * @param minHealthy share of its endpoints that must answer, 0 to 1, else the whole region is out
 *     of service; default 0.5
 * @param check of the region as a whole, beside those of its endpoints; null for none
 */
public record RegionConfig(
    String name,
    int index,
    String place,
    double latitude,
    double longitude,
    Set<String> residency,
    double minHealthy,
    @Nullable Check check) {

  /** One that is judged by its endpoints alone. */
  public RegionConfig(
      String name,
      int index,
      String place,
      double latitude,
      double longitude,
      Set<String> residency,
      double minHealthy) {
    this(name, index, place, latitude, longitude, residency, minHealthy, null);
  }

  /**
   * What is asked about the region as a whole.
   *
   * @param protocol what is spoken there; default HTTP/1.1
   * @param endpoint where to ask; nothing is forwarded there
   * @param upstreamTls how it is trusted over https
   * @param health the question, acceptable answers and times
   */
  public record Check(
      Protocol protocol, Endpoint endpoint, UpstreamTls upstreamTls, HealthCheck health) {}
}
