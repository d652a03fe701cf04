/**
 * What operators can ask and order about pins: where a user is bound and how many are where, moving
 * one, draining a region. As its parent package in everything else.
 */
@NullMarked
package app.avalo.gateway.admin.api.pin;

import org.jspecify.annotations.NullMarked;
