package app.avalo.gateway.forward.choice;

import app.avalo.gateway.config.ServiceConfig.Balance;
import app.avalo.gateway.region.Standing;
import org.jspecify.annotations.Nullable;

/**
 * Chooses between the endpoints of a service in a region, those of the best standing first. By
 * load: of two drawn by weight the one that will be done sooner, judged by how fast it answered and
 * how much it has to do (Mitzenmacher, the power of two choices; Finagle, peak EWMA). By a key: the
 * same one for the same key, by weighted rendezvous (Thaler and Ravishankar 1998), or the next one
 * while that has a quarter more to do than the average (Mirrokni et al., bounded loads).
 */
final class Balancer {
  /** By which one must be better to be preferred: less is noise, and noise would make a herd. */
  private static final double CLEARLY = 1.25;

  private static final double BOUND = 1.25;

  private final Member[] members;
  private final long[] seeds;
  private final long slowStartNanos;
  private final int totalWeight;

  Balancer(Member[] members, Balance balance) {
    this.members = members;
    this.seeds = new long[members.length];
    this.slowStartNanos = balance.slowStart().toNanos();
    int weights = 0;
    for (int i = 0; i < members.length; i++) {
      weights += members[i].endpoint().weight();
      seeds[i] = Affinity.hash(members[i].endpoint().url());
    }
    this.totalWeight = weights;
  }

  /**
   * An endpoint for one attempt, by load.
   *
   * @param avoided the endpoint that just failed, or null; used only if there is no other
   * @param random uniformly distributed bits
   */
  Member byLoad(@Nullable Member avoided, int random, long nowNanos) {
    Member first = draw(random & 0xffff, random * 0x9e3779b9, nowNanos);
    Member second = draw(random >>> 16, random * 0x85ebca6b, nowNanos);
    Member better = prefer(first, second, avoided, nowNanos);
    if (better != avoided && better.health().standing() == Standing.IN_SERVICE) {
      return better;
    }
    for (Member member : members) {
      better = prefer(better, member, avoided, nowNanos);
    }
    return better;
  }

  /** One by weight; a cold one gives way to its neighbour until it has earned its whole share. */
  private Member draw(int bits, int chance, long nowNanos) {
    int left = (int) ((long) bits * totalWeight >>> 16);
    int at = 0;
    while (at < members.length - 1 && left >= members[at].endpoint().weight()) {
      left -= members[at++].endpoint().weight();
    }
    Member member = members[at];
    boolean cold =
        member.health().standing() == Standing.IN_SERVICE
            && member.pool().load().warmth(nowNanos, slowStartNanos) <= chance >>> 22;
    return cold ? members[(at + 1) % members.length] : member;
  }

  private static Member prefer(Member one, Member other, @Nullable Member avoided, long nowNanos) {
    if (one == avoided || other == avoided) {
      return one == avoided ? other : one;
    }
    int standing = one.health().standing().compareTo(other.health().standing());
    if (standing != 0) {
      return standing < 0 ? one : other;
    }
    double ofOne = one.pool().load().latencyNanos(nowNanos);
    double ofOther = other.pool().load().latencyNanos(nowNanos);
    boolean known = ofOne > 0 && ofOther > 0;
    double costOfOne = (known ? ofOne : 1) * work(one);
    double costOfOther = (known ? ofOther : 1) * work(other);
    return costOfOther * CLEARLY < costOfOne ? other : one;
  }

  private static double work(Member member) {
    return 1 + (double) member.pool().inFlight() / member.endpoint().weight();
  }

  /** An endpoint for one attempt, by key. */
  Member byKey(@Nullable Member avoided, long key) {
    double inFlight = 1;
    for (Member member : members) {
      inFlight += member.pool().inFlight();
    }
    double most = Math.max(1, BOUND * inFlight / totalWeight);
    Member best = members[0];
    double bestScore = -1;
    int bestRank = Integer.MAX_VALUE;
    for (int i = 0; i < members.length; i++) {
      Member member = members[i];
      int rank = rank(member, avoided, most);
      double score = Affinity.score(key ^ seeds[i], member.endpoint().weight());
      if (rank < bestRank || rank == bestRank && score > bestScore) {
        best = member;
        bestRank = rank;
        bestScore = score;
      }
    }
    return best;
  }

  /** Lower is better: not the one that failed, then standing, then whether there is room. */
  private static int rank(Member member, @Nullable Member avoided, double mostPerWeight) {
    int full =
        member.pool().inFlight() >= Math.ceil(mostPerWeight * member.endpoint().weight()) ? 1 : 0;
    return (member == avoided ? 8 : 0) + member.health().standing().ordinal() * 2 + full;
  }
}
