//! Long strings by number, beside blocks of packed ones.
