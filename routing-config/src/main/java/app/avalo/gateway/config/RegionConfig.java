package app.avalo.gateway.config;

import java.util.Set;

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
 */
public record RegionConfig(
    String name,
    int index,
    String place,
    double latitude,
    double longitude,
    Set<String> residency,
    double minHealthy) {}
