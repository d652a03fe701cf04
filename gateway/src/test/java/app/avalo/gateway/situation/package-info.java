/**
 * One file per situation: a real gateway between real clients, regions and Redis, and what its
 * users and operators must see of it.
 */
@NullMarked
package app.avalo.gateway.situation;

import org.jspecify.annotations.NullMarked;
