/**
 * What operators can ask and order about pins: where a user is and how many are where, what the
 * maps of cells say and why, moving a user, a cell or a region. As its parent package in everything
 * else.
 */
@NullMarked
package app.avalo.gateway.admin.api.pin;

import org.jspecify.annotations.NullMarked;
