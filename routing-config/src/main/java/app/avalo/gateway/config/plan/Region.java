package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.RegionConfig;

/**
 * A region of one plan.
 *
 * @param ordinal position in {@link Plan#regions()}; good for arrays of this plan only
 * @param config as the file says
 */
public record Region(int ordinal, RegionConfig config) {
  public String name() {
    return config.name();
  }

  @Override
  public String toString() {
    return config.name();
  }
}
