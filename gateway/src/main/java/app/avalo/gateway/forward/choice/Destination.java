package app.avalo.gateway.forward.choice;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.upstream.EndpointPool;
import org.jspecify.annotations.Nullable;

/** A service in a region, as one event loop sees it. */
public final class Destination {
  private final Region region;
  private final Member[] members;
  private final Health health;
  private final int totalWeight;

  /**
   * An endpoint with its live state.
   *
   * @param endpoint where it is
   * @param health whether it may be used
   * @param pool connections of this loop
   */
  public record Member(Endpoint endpoint, EndpointHealth health, EndpointPool pool) {}

  Destination(Region region, Member[] members, Health health) {
    this.region = region;
    this.members = members;
    this.health = health;
    int weights = 0;
    for (Member member : members) {
      weights += member.endpoint().weight();
    }
    this.totalWeight = weights;
  }

  public Region region() {
    return region;
  }

  Member[] members() {
    return members;
  }

  /** {@link Standing#joined} of the region and its endpoints for this service. */
  Standing standing() {
    Standing own = health.standing(region);
    if (own == Standing.OUT) {
      return own;
    }
    Standing best = Standing.OUT;
    for (Member member : members) {
      Standing standing = member.health().standing();
      if (standing.compareTo(best) < 0) {
        best = standing;
      }
    }
    return Standing.joined(own, best);
  }

  /**
   * Whether it may be tried when nothing better is left anywhere: its endpoints are out, but its
   * region is not, so nobody has decided that nothing may go there.
   */
  boolean isLastResort() {
    return health.standing(region) != Standing.OUT;
  }

  /** Cuts this loop's connections to one endpoint, if it has it. */
  void cut(EndpointHealth lost) {
    for (Member member : members) {
      if (member.health() == lost) {
        member.pool().closeAll();
      }
    }
  }

  /**
   * An endpoint for one attempt: of two drawn by weight, the one with less in flight (Mitzenmacher,
   * the power of two choices), among those of the best standing.
   *
   * @param avoided the endpoint that just failed, or null; used only if there is no other
   * @param random uniformly distributed bits
   */
  public Member pick(@Nullable Member avoided, int random) {
    if (members.length == 1) {
      return members[0];
    }
    Member first = draw(random & 0xffff);
    Member second = draw(random >>> 16);
    Member better = prefer(first, second, avoided);
    if (better != avoided && better.health().standing() == Standing.IN_SERVICE) {
      return better;
    }
    for (Member member : members) {
      better = prefer(better, member, avoided);
    }
    return better;
  }

  private Member draw(int bits) {
    int left = bits * totalWeight >>> 16;
    for (Member member : members) {
      left -= member.endpoint().weight();
      if (left < 0) {
        return member;
      }
    }
    return members[members.length - 1];
  }

  private static Member prefer(Member one, Member other, @Nullable Member avoided) {
    if (one == avoided || other == avoided) {
      return one == avoided ? other : one;
    }
    int standing = one.health().standing().compareTo(other.health().standing());
    if (standing != 0) {
      return standing < 0 ? one : other;
    }
    long load = (long) one.pool().inFlight() * other.endpoint().weight();
    return load <= (long) other.pool().inFlight() * one.endpoint().weight() ? one : other;
  }

  /** Cuts every connection of this loop to it. */
  void cut() {
    for (Member member : members) {
      member.pool().closeAll();
    }
  }

  @Override
  public String toString() {
    return region.name();
  }
}
