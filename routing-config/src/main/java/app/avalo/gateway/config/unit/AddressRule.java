package app.avalo.gateway.config.unit;

import java.util.List;

/**
 * Which addresses may pass.
 *
 * @param allow empty means all
 * @param deny stronger than {@code allow}
 */
public record AddressRule(AddressSet allow, AddressSet deny) {
  /** The rule that these blocks state. */
  public static AddressRule of(List<Cidr> allow, List<Cidr> deny) {
    return new AddressRule(AddressSet.of(allow), AddressSet.of(deny));
  }

  public boolean permits(IpAddress address) {
    return (allow.isEmpty() || allow.contains(address)) && !deny.contains(address);
  }
}
