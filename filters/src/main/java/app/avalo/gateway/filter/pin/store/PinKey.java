package app.avalo.gateway.filter.pin.store;

/**
 * Whose pin, for which services.
 *
 * @param group of services that share a pin
 * @param high first 64 bits of the user's hash or of the session id
 * @param low last 64 bits
 */
public record PinKey(String group, long high, long low) {
  @Override
  public int hashCode() {
    return (int) (low ^ low >>> 32) * 31 + group.hashCode();
  }

  /** {@code group:32 hexadecimal digits}, the form of Redis keys and logs. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(group.length() + 33).append(group).append(':');
    appendHex(text, high);
    appendHex(text, low);
    return text.toString();
  }

  private static void appendHex(StringBuilder to, long bits) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      to.append(Character.forDigit((int) (bits >>> shift) & 0xF, 16));
    }
  }
}
